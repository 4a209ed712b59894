function varargout = kbhit(varargin)
  % Nobody is there to type: better an error than a wait for ever.
  error('octave_compress:keyboard', 'kbhit: a session has no keyboard');
end
