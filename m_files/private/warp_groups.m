function X = warp_groups(X, warp)
  % Images in the columns of X, group by group warped by what rand says; WARP is from check_warp.
  samples = columns(X);
  size = warp.batch_size;
  amounts = warp_amounts(warp.limits, ceil(samples / size));
  for k = 1:columns(amounts)
    batch = (k - 1) * size + 1:min(k * size, samples);
    X(:, batch) = warp_matrix(warp.image_size, amounts(:, k)) * double(X(:, batch));
  end
end
