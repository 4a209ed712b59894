function sparsity = cubic_sparsity(share, initial, final)
  % The sparsity when SHARE of the pruning is done, by the cubic schedule of Zhu and Gupta 2017.
  rest = 1 - min(max(share, 0), 1);
  rest = rest .* rest .* rest;
  sparsity = initial .* rest + final .* (1 - rest);
end
