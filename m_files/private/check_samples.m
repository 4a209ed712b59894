function x = check_samples(op, argument, x, features)
  % Samples in columns: a finite real matrix with FEATURES rows and at least one column.
  x = check_matrix(op, argument, x);
  check_not_empty(op, argument, x);
  if rows(x) ~= features
    value_error(op, argument, sprintf('have %d features', features), sprintf('%d', rows(x)));
  end
end
