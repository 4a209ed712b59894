function varargout = dbstop(varargin)
  % Nobody is there to use a debugger, which would wait for ever.
  builtin('error', 'octave_compress:keyboard', 'dbstop: a session has no keyboard');
end
