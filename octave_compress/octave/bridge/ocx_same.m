function value = ocx_same(value)
  % The value itself: what puts something into Octave, or gets it out.
end
