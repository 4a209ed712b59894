function varargout = keyboard(varargin)
  % Nobody is there to type: better an error than a wait for ever.
  error('octave_compress:keyboard', 'keyboard: a session has no keyboard');
end
