function values = from_little(bytes, kind)
  % The numbers of class KIND that little_bytes turned into BYTES.
  values = typecast(reshape(bytes, 1, []), kind);
  [~, ~, order] = computer();
  if order == 'B'
    values = swapbytes(values);
  end
end
