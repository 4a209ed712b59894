function text = size_text(value)
  % A size as "3x4".
  text = sprintf('%dx', size(value));
  text = text(1:end - 1);
end
