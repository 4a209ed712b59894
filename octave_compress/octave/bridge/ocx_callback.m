function varargout = ocx_callback(number, folders, varargin)
  % Calls the Python function NUMBER with the arguments and returns what it returns.
  place = ocx_deliver(varargin, folders);
  builtin('fflush', builtin('stdout'));
  ocx_link('send', builtin('sprintf', 'callback %d %d %d', number, nargout, place));
  reply = builtin('load', '-binary', ocx_link('receive'));
  if builtin('isfield', reply, 'failure')
    builtin('error', reply.identifier, '%s', reply.failure);
  end
  varargout = reply.args;
  if builtin('isfield', reply, 'marks')
    varargout = ocx_resolve(varargout, reply.marks, folders);
  end
end
