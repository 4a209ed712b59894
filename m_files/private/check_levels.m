function levels = check_levels(op, argument, levels)
  % The levels of a codebook: a row of one or more finite numbers in ascending order.
  levels = check_matrix(op, argument, levels);
  if isempty(levels) || ~isvector(levels)
    value_error(op, argument, 'be one row of levels', size_text(levels));
  end
  levels = reshape(levels, 1, []) + 0;  % a level has no sign of zero
  if any(diff(levels) < 0)
    value_error(op, argument, 'be in ascending order');
  end
end
