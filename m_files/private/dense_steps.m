function steps = dense_steps(codes, levels)
  % The steps of CODES from 0 of so many LEVELS, one by one, row by row.
  codes = double(codes.');
  steps = zeros(3, numel(codes));
  weights = ones(1, levels);
  gain = symbol_gain(levels);
  total = levels;
  for k = 1:numel(codes)
    code = codes(k) + 1;
    steps(:, k) = [sum(weights(1:code - 1)); weights(code); total];
    weights(code) = weights(code) + gain;
    total = total + gain;
  end
end
