function codes = check_codes(op, codes)
  % A matrix of whole numbers, as double.
  codes = double(check_matrix(op, 'CODES', codes));
  broken = codes(codes ~= fix(codes));
  if ~isempty(broken)
    value_error(op, 'CODES', 'be whole numbers', number_text(broken(1)));
  end
  codes = codes + 0;  % a code has no sign of zero
end
