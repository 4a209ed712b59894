function varargout = ocx_callback(number, folders, varargin)
  % Calls the Python function NUMBER with the arguments and returns what it returns.
  place = ocx_deliver(varargin, folders);
  builtin('fflush', 1);
  file = ocx_link(builtin('sprintf', 'callback %d %d %d', number, nargout, place));
  reply = builtin('load', '-binary', file);
  if builtin('isfield', reply, 'failure')
    builtin('error', reply.identifier, '%s', reply.failure);
  end
  varargout = reply.args;
  if builtin('isfield', reply, 'marks')
    varargout = ocx_resolve(varargout, reply.marks, folders);
  end
end
