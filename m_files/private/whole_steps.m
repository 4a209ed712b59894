function [steps, contexts] = whole_steps(values, contexts)
  % The steps of whole numbers in [0, 2^53): the length of VALUE + 1 in bits, then its bits.
  [~, lengths] = log2(values + 1);
  lengths = lengths - 1;
  steps = zeros(3, sum(2 * lengths + 2));
  n = 0;
  for k = 1:numel(values)
    value = values(k) + 1;
    left = lengths(k);
    places = [1:left + 1, (54 + left) * ones(1, left > 0)];
    bits = [ones(1, left), 0, zeros(1, left > 0)];
    if left > 0
      bits(end) = value >= 1.5 * 2^left;
    end
    for j = 1:numel(places)
      counts = contexts(:, places(j));
      bit = bits(j);
      n = n + 1;
      steps(:, n) = [counts(1) * bit; counts(1 + bit); counts(1) + counts(2)];
      contexts(1 + bit, places(j)) = counts(1 + bit) + 2;
    end
    left = left - 1;
    while left > 0
      part = min(left, 16);
      left = left - part;
      n = n + 1;
      steps(:, n) = [mod(floor(value / 2^left), 2^part); 1; 2^part];
    end
  end
  steps = steps(:, 1:n);
end
