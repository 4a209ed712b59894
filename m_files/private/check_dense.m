function [w, bias, x] = check_dense(op, w, bias, x, activation)
  % The arguments of a layer function, checked, in the class of W.
  w = check_matrix(op, 'W', w);
  check_not_empty(op, 'W', w);
  bias = check_matrix(op, 'BIAS', bias(:));
  if numel(bias) ~= rows(w)
    value_error(op, 'BIAS', sprintf('have %d elements', rows(w)), sprintf('%d', numel(bias)));
  end
  bias = check_cast(op, 'BIAS', bias, class(w));
  x = check_samples(op, 'X', x, columns(w), class(w));
  check_choice(op, 'ACTIVATION', activation, {'linear', 'relu', 'sigmoid', 'tanh', 'softmax'});
end
