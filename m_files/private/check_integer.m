function value = check_integer(op, argument, value, interval)
  % A whole number inside INTERVAL, as a double.
  value = real_scalar(op, argument, value, 'be a whole number');
  if ~is_inside(value, interval) || value ~= fix(value)
    value_error(op, argument, ['be a whole number in ', interval], number_text(value));
  end
end
