function varargout = yes_or_no(varargin)
  % Nobody is there to type: better an error than a wait for ever.
  error('octave_compress:keyboard', 'yes_or_no: a session has no keyboard');
end
