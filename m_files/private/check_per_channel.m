function value = check_per_channel(op, argument, value, codes)
  % One number for the matrix CODES, or one a row or a column, as double.
  value = double(check_matrix(op, argument, value));
  [m, n] = size(codes);
  if ~any(cellfun(@(shape) isequal(size(value), shape), {[1, 1], [m, 1], [1, n]}))
    value_error(op, argument, sprintf('have size 1x1, %dx1 or 1x%d', m, n), size_text(value));
  end
end
