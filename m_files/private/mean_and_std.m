function [center, spread] = mean_and_std(x)
  % Mean and standard deviation (as Octave's std, by n - 1) of the numbers in X, in double;
  % zeros where there are too few.  The largest is taken out first: squares of small or
  % large numbers leave the range.
  x = double(x(:));
  n = numel(x);
  largest = max([abs(x); 0]);
  if largest == 0
    largest = 1;
  end
  x = x / largest;
  center = sum(x) / max(n, 1);
  spread = min(largest * sqrt(sum((x - center).^2) / max(n - 1, 1)), realmax());
  center = largest * center;
end
