function levels = initial_levels(x, k, init)
  % Up to K ascending levels to begin with, a column, for the ascending numbers X.
  n = numel(x);
  switch init
    case 'linear'
      % In equal steps from the smallest to the largest, which must not be overshot.
      step = x(n) / max(k - 1, 1) - x(1) / max(k - 1, 1);
      levels = min(x(1) + (0:k - 1).' * step, x(n));
    case 'density'
      % The middles of K equal shares of the numbers.
      levels = x(floor((2 * (1:k).' - 1) * n / (2 * k)) + 1);
    case 'random'
      levels = sort(x(randperm(n, min(k, n)).'));
  end
end
