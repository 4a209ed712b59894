function pause(varargin)
  % Waits as Octave's own function does, but not for a key: nobody is there to press it.
  if nargin > 0
    builtin('pause', varargin{:});
  end
end
