function text = number_text(value)
  % A number as both languages write it in an error: 15 digits where they say which number it is,
  % else 17; NaN, Inf.
  value = double(value);
  text = sprintf('%.15g', value);
  if isfinite(value) && str2double(text) ~= value
    text = sprintf('%.17g', value);
  end
end
