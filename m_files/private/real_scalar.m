function value = real_scalar(op, argument, value, requirement)
  % A real scalar of any numeric class, as a double.
  if ~(isnumeric(value) || islogical(value)) || numel(value) ~= 1 || iscomplex(value)
    type_error(op, argument, requirement);
  end
  value = double(value);
end
