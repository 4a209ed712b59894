function check_same_batch(op, argument, value, outputs)
  % Requires (outputs x samples) matrices of one size; the text counts, since Python's are turned.
  if ~isequal(size(value), size(outputs))
    requirement = sprintf('have %d outputs and %d samples', size(outputs));
    value_error(op, argument, requirement, sprintf('%d and %d', size(value)));
  end
end
