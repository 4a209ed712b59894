function keep = keep_largest(scores, sparsity)
  % True for all but the round (SPARSITY * n) smallest elements of SCORES, in column-major order.
  keep = true(size(scores));
  [~, order] = sort(scores(:));
  keep(order(1:round(sparsity * numel(scores)))) = false;
end
