function codes = nearest_level(w, levels)
  % The codes, from 0, of the levels (an ascending row) that are nearest to W; halfway between two
  % the lower one is taken: lookup, for which a number on a boundary is above it, sees everything
  % negated.
  codes = numel(levels) - 1 - lookup(-fliplr(midpoints(levels)), -w);
end
