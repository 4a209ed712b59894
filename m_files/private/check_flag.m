function value = check_flag(op, argument, value)
  % A truth value.
  value = real_scalar(op, argument, value, 'be true or false') ~= 0;
end
