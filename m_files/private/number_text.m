function text = number_text(value)
  % A number as both languages write it in an error: 15 digits, NaN, Inf.
  text = sprintf('%.15g', value);
end
