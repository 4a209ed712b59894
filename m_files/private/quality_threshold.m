function threshold = quality_threshold(w, quality)
  % Han's threshold: QUALITY times the standard deviation of the weights that are not zero.
  [~, spread] = mean_and_std(w(w ~= 0));
  threshold = quality * spread;
end
