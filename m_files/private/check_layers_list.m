function sizes = check_layers_list(op, argument, sizes, features)
  % Layer sizes from the input to the output, as a row of whole numbers.
  sizes = check_matrix(op, argument, sizes);
  if numel(sizes) < 2 || ~any(size(sizes) == 1)
    value_error(op, argument, 'have at least 2 sizes, inputs first', sprintf('%d', numel(sizes)));
  end
  for k = 1:numel(sizes)
    check_integer(op, argument, sizes(k), '[1, Inf)');
  end
  sizes = reshape(sizes, 1, []);
  if sizes(1) ~= features
    value_error(op, argument, sprintf('begin with the number of features, %d', features), ...
                sprintf('%d', sizes(1)));
  end
end
