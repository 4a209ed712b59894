function [outputs, targets] = check_batch(op, name, outputs, targets)
  % A batch's outputs, called NAME, and its targets in the same float class.
  outputs = check_matrix(op, name, outputs);
  check_not_empty(op, name, outputs);
  targets = check_matrix(op, 'TARGETS', targets);
  check_same_batch(op, 'TARGETS', targets, outputs);
  targets = check_cast(op, 'TARGETS', targets, class(outputs));
end
