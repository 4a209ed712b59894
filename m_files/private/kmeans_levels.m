function centres = kmeans_levels(x, levels)
  % Lloyd's iteration for ascending numbers X from ascending LEVELS, both columns of doubles.  A
  % cluster of sorted numbers is a run of them: its mean takes two cumulative sums.
  k = numel(levels);
  total = [0; cumsum(x)];
  ends = [];
  for round = 1:3000
    before = ends;
    ends = [0; lookup(x, midpoints(levels)); numel(x)];
    if isequal(ends, before)
      break
    end
    counts = diff(ends);
    filled = counts > 0;
    counts = counts(filled);
    first = ends([filled; false]) + 1;
    last = ends([false; filled]);
    % Sums of many numbers are not exact; a mean lies among its numbers all the same.
    centres = min(max((total(last + 1) - total(first)) ./ counts, x(first)), x(last));
    levels = centres;
    if numel(centres) < k
      levels = split_widest(centres, counts, x(first), x(last), k - numel(centres));
    end
  end
end

function levels = split_widest(levels, counts, low, high, missing)
  % A level that no number is nearest to helps another: two stand for a cluster of many numbers
  % far apart, halfway between its mean and its ends.  A cluster of equal numbers needs no help.
  spread = sqrt(counts) .* (high - low);  % squares of small ones would vanish
  [~, order] = sort(-spread);
  split = order(1:min(missing, nnz(spread)), 1);
  halves = [low(split) / 2 + levels(split) / 2; levels(split) / 2 + high(split) / 2];
  levels(split) = [];
  levels = sort([levels; halves]);
end
