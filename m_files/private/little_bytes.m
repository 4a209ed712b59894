function bytes = little_bytes(values)
  % The bytes of numbers, a row, the lowest byte of each first.
  [~, ~, order] = computer();
  if order == 'B'
    values = swapbytes(values);
  end
  bytes = typecast(reshape(values, 1, []), 'uint8');
end
