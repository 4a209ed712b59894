function check_same_size(op, argument, value, other, model)
  % Requires VALUE to have the size of MODEL, which is called OTHER.
  if ~isequal(size(value), size(model))
    value_error(op, argument, ['have the size of ', other, ', ', size_text(model)], ...
                size_text(value));
  end
end
