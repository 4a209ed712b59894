function check_same_batch(op, argument, value, outputs)
  % Requires (outputs x samples) matrices of one size.
  if ~isequal(size(value), size(outputs))
    batch_error(op, argument, value, rows(outputs), columns(outputs));
  end
end
