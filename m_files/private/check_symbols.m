function symbols = check_symbols(op, symbols)
  % A row of uint8 of whole numbers in [0, 255].
  symbols = check_matrix(op, 'SYMBOLS', symbols);
  wrong = symbols(symbols ~= fix(symbols) | symbols < 0 | symbols > 255);
  if ~isempty(wrong)
    value_error(op, 'SYMBOLS', 'be whole numbers in [0, 255]', number_text(wrong(1)));
  end
  symbols = uint8(reshape(symbols, 1, []));
end
