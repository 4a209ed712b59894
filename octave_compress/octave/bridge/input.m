function varargout = input(varargin)
  % Nobody is there to type: better an error than a wait for ever.
  error('octave_compress:keyboard', 'input: a session has no keyboard');
end
