function varargout = debug_on_error(varargin)
  % As Octave's own function, but nobody is there to use a debugger, which would wait for ever.
  if nargin > 0 && ~builtin('ischar', varargin{1}) && varargin{1}
    builtin('error', 'octave_compress:keyboard', 'debug_on_error: a session has no keyboard');
  end
  [varargout{1:nargout}] = builtin('debug_on_error', varargin{:});
end
