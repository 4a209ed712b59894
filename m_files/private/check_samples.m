function x = check_samples(op, argument, x, features, type)
  % Samples in columns: a finite real matrix with FEATURES rows and at least one column, in the
  % float class TYPE if that is given.
  x = check_matrix(op, argument, x);
  check_not_empty(op, argument, x);
  if rows(x) ~= features
    value_error(op, argument, sprintf('have %d features', features), sprintf('%d', rows(x)));
  end
  if nargin > 4
    x = check_cast(op, argument, x, type);
  end
end
