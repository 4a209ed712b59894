function check_not_empty(op, argument, value)
  % Requires at least one element.
  if isempty(value)
    value_error(op, argument, 'not be empty');
  end
end
