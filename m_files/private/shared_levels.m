function codebook = shared_levels(w, k, init)
  % A row of up to K levels for the weights that are not zero, and 0 if there are others.
  x = double(sort(w(w(:) ~= 0)));
  x = x(:);
  levels = zeros(0, 1);
  if ~isempty(x)
    levels = kmeans_levels(x, initial_levels(x, k, init));
  end
  if isempty(x) || numel(x) < numel(w)
    levels = sort([levels; 0]);
  end
  codebook = cast(levels.', class(w));
end
