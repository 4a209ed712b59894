function loss = check_loss(op, loss, activation)
  % The loss to train with; [] means the one that fits the last layer's ACTIVATION.
  if isempty(loss) && ~ischar(loss)
    loss = 'mse';
    if strcmp(activation, 'softmax')
      loss = 'crossentropy';
    end
  end
  check_choice(op, 'LOSS', loss, {'crossentropy', 'mse'});
  if strcmp(loss, 'crossentropy') && ~any(strcmp(activation, {'softmax', 'linear'}))
    value_error(op, 'LOSS', sprintf('be "mse" for a last layer with %s', activation), ...
                '"crossentropy"');
  end
end
