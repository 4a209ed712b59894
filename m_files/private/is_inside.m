function inside = is_inside(value, interval)
  % Whether VALUE lies in an interval written as "[0, 1)": the text is the rule.
  bounds = sscanf(interval(2:end - 1), '%f, %f');
  if interval(1) == '('
    inside = value > bounds(1);
  else
    inside = value >= bounds(1);
  end
  if interval(end) == ')'
    inside = inside && value < bounds(2);
  else
    inside = inside && value <= bounds(2);
  end
end
