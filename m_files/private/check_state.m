function value = check_state(op, argument, value, w)
  % A matrix that goes with the weights W: of their size and class.
  value = check_matrix(op, argument, value);
  check_same_size(op, argument, value, 'W', w);
  value = check_cast(op, argument, value, class(w));
end
