function p = softmax_columns(z)
  % Softmax of each column, unchecked.
  p = exp(z - max(z, [], 1));
  p = p ./ sum(p, 1);
end
