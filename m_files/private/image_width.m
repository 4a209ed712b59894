function width = image_width(inputs)
  % The width of the square image that so many inputs may be, or 0.
  width = floor(sqrt(inputs));
  if width^2 ~= inputs || width <= 3
    width = 0;
  end
end
