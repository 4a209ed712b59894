function x = short_floats(x)
  % X rounded, halves away from zero, to what a half-precision number can hold.
  largest = 65504;
  [~, exponent] = log2(double(x));
  step = 2.^max(exponent - 11, -24);
  rounded = round(double(x) ./ step) .* step;
  x = cast(min(max(rounded, -largest), largest), class(x));
end
