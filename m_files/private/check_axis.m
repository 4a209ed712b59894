function axis = check_axis(op, axis)
  % A dimension, 1 or 2, or [] for the whole matrix.
  if ~isequal(axis, [])
    axis = check_integer(op, 'AXIS', axis, '[1, 2]');
  end
end
