function x = short_numbers(x)
  % X rounded, halves away from zero, to multiples of a power of two, of which the largest
  % magnitude has 256 at most: a file holds such numbers in about a byte each.
  if isempty(x)
    return
  end
  [part, exponent] = log2(max(abs(double(x(:)))));
  exponent = exponent - (part == 0.5);  % a power of two is 256 steps: what rounds to one stays
  step = 2^max(exponent - 8, -1074);  % the smallest double
  x = cast(round(double(x) / step) * step, class(x));
end
