function value = check_number(op, argument, value, interval)
  % A real scalar inside INTERVAL, as a double.
  value = real_scalar(op, argument, value, 'be a real number');
  if ~is_inside(value, interval)
    value_error(op, argument, ['be in ', interval], number_text(value));
  end
end
